//! A cluster of three nodes, which needs three ports.

use std::io;

use crate::picker::free_port;
use crate::shop::cluster::Cluster;

#[test]
fn elects_the_highest_node() -> io::Result<()> {
    let cluster = Cluster::start([17101, 17102, 17103])?;

    for node in 0..3 {
        assert_eq!(cluster.say(node, "leader")?, "2", "unexpected answer");
    }
    Ok(())
}

#[test]
fn elects_another_when_the_leader_stops() -> io::Result<()> {
    let mut cluster = Cluster::start([17111, 17112, 17113])?;

    cluster.stop_last();

    assert_eq!(cluster.say(0, "leader")?, "1", "unexpected answer");
    Ok(())
}

#[test]
fn spreads_every_rumour_to_every_node() -> io::Result<()> {
    let cluster = Cluster::start([free_port()?, free_port()?, free_port()?])?;

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
