//! A cluster of three nodes, which needs three ports.

use std::io;

use isolated_test::isolated;

use crate::shop::cluster::Cluster;

#[isolated(ports = port(count = 3))]
#[test]
fn elects_the_highest_node(ports: [u16; 3]) -> io::Result<()> {
    let cluster = Cluster::start(ports)?;

    for node in 0..3 {
        assert_eq!(cluster.say(node, "leader")?, "2", "unexpected answer");
    }
    Ok(())
}

#[isolated(ports = port(count = 3))]
#[test]
fn elects_another_when_the_leader_stops(ports: [u16; 3]) -> io::Result<()> {
    let mut cluster = Cluster::start(ports)?;

    cluster.stop_last();

    assert_eq!(cluster.say(0, "leader")?, "1", "unexpected answer");
    Ok(())
}

#[isolated(ports = port(count = 3))]
#[test]
fn spreads_every_rumour_to_every_node(ports: [u16; 3]) -> io::Result<()> {
    let cluster = Cluster::start(ports)?;

    for (node, rumour) in [(0, "rain"), (1, "snow"), (2, "sun")] {
        cluster.say(node, &format!("hear {rumour}"))?;
    }

    for node in 0..3 {
        assert_eq!(
            cluster.say(node, "heard")?,
            "rain,snow,sun",
            "unexpected answer"
        );
    }
    Ok(())
}
