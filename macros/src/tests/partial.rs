//! Half-typed code, as editors send it: it never panics and never loses the function.

use proc_macro2::TokenStream;

use super::tokens;
use crate::isolate;

const ARGUMENTS: [&str; 19] = [
    r#"port, tmpdir, serial = "tcp""#,
    r#"api = port(udp, tcp, count = 3), site = tmpdir(from = "fixtures/site", keep = "always")"#,
    r#"namespace, seed, serial = ["a", B, Key::new("c")], shared, alone"#,
    r#"limit("sockets", 4), limit(POOL, size()), serial"#,
    "db = Postgres::<A, B>::new(1, |a, b| a), <Db as Make<A>>::make(), x = Db { a: 1 }",
    r#"crate = ::my::isolated, test_attribute, __inherited(1, port(udp), __inherited(1, serial = "x"))"#,
    r#"tempdir, prot, ports(3), seriall = "tcp", key = "a", = 3, "tcp", 8080, ,"#,
    "r#type = namespace, _ = port, self = seed, port tmpdir serial, a.b, a!(), 'a, #[x] y, $z, ..",
    r#"process, env(A = tmpdir.join("a"), "b-c" = Db::<A, B>::new(), unset(D, "e"), clear), cwd, timeout = "1m 30s", network(or = "skip"), clock(at = "2026-02-28T23:59:59Z", frozen, speed = 1.5), clock = START"#,
    "cwd = port.dir(), timeout = Duration::from_secs(3), network, __inherited(1, cwd, env(A = 1, unset(B)))",
    r#"env(clear A = 1, unset(), unset(1), HOME, 3 = 4, a.b = , "" = 5, = 6, , x(), A => 7, ..), env, env(), env = A, cwd(), timeout, timeout = 3"#,
    r#"timeout = "30", timeout = "1.5", timeout("1s"), network(or = "x"), network = y, process = z, process()"#,
    r#"retries = 3, quarantine = "a link", __inherited(1, retries = LIMIT - 1, quarantine = why::<A, B>("x"))"#,
    r#"retries, retries(3), retries = -3, retries = 101, quarantine, quarantine(), quarantine = " ", quarantine = 3, retries = = 3"#,
    r#"limit, limit(), limit("a"), limit("a", 0), serial = [], serial = "", port = 3, tmpdir(from), seed(1)"#,
    "port, pool = value(connect::<A, B>(port).await?), size = value(pool.size()), __inherited(1, one = value(two), two = value(|a, b| a))",
    "value, value(), value(1), value = 1, a = value, b = value(), c = value(1, 2), d = value(1).await?, e = value(e), f = value[1], g = value(,)",
    r#"device = pool("devices", ["a", B, Key::C]), other = pool(KEY::<A, B>::NEW, &DEVICES), __inherited(1, third = pool("x", self::ALL))"#,
    r#"pool, pool("a", ["b"]), x = pool(), y = pool("a"), z = pool(["a"], 3), pool = 3, v = pool("a", ["b", 2, , ""]), w = pool(3, []), device = pool("a", ["b", "b"])"#,
];

const FUNCTION: &str = "#[cfg_attr(unix, tokio::test)] #[rstest] #[should_panic(expected = \"x\")] pub(crate) async fn serves<'a, T: A<B>>\
    (port: &'a Port, mut tmpdir: TmpDir, #[case] (a, b): (A, B), #[future] db: Db<A, B>) -> Result<(), Box<dyn Error>> where T: B \
    { half.typed( + ) let x = }";

const MODULE: &str = "#[cfg(test)] pub mod tests { use super::*; #[isolated(port)] #[test] fn one(port: Port) { half.typed( + ) let x = } \
    mod deeper { #[rstest] #[case(1)] pub async fn serves(#[case] n: u32) { half.typed() let } } }";

/// Every beginning of the text, with what it opened closed.
fn beginnings(text: &str) -> impl Iterator<Item = TokenStream> + '_ {
    let ends = text.char_indices().map(|(end, _)| end).chain([text.len()]);
    ends.filter_map(|end| closed(&text[..end]).parse().ok())
}

fn closed(text: &str) -> String {
    let (mut open, mut in_string) = (Vec::new(), false);
    for letter in text.chars() {
        match letter {
            '"' => in_string = !in_string,
            '(' if !in_string => open.push(')'),
            '[' if !in_string => open.push(']'),
            '{' if !in_string => open.push('}'),
            ')' | ']' | '}' if !in_string => drop(open.pop()),
            _ => {}
        }
    }
    let quote = if in_string { "\"" } else { "" };
    format!("{text}{quote}{}", open.iter().rev().collect::<String>())
}

/// Compares tokens and not the space between them.
fn plain(tokens: &TokenStream) -> String {
    tokens.to_string().replace(char::is_whitespace, "")
}

#[test]
fn every_beginning_of_the_arguments() {
    let body = "{half.typed(+)letx=}";
    let function = tokens(&closed(FUNCTION));
    let mut tried = 0;
    for arguments in ARGUMENTS.into_iter().flat_map(beginnings) {
        let output = plain(&isolate(&arguments, &function));
        assert!(
            output.contains("asyncfnserves<"),
            "lost the name: {arguments} gives {output}"
        );
        assert!(
            output.contains(body),
            "lost the body: {arguments} gives {output}"
        );
        tried += 1;
    }
    assert!(tried > 500, "only {tried} beginnings are tokens");
}

#[test]
fn every_beginning_of_the_arguments_on_a_module() {
    let module = tokens(&closed(MODULE));
    for arguments in ARGUMENTS.into_iter().flat_map(beginnings) {
        let output = plain(&isolate(&arguments, &module));
        for kept in [
            "fnone(port:Port){half.typed(+)letx=}",
            "pubasyncfnserves(#[case]n:u32){half.typed()let}",
        ] {
            assert!(
                output.contains(kept),
                "lost {kept}: {arguments} gives {output}"
            );
        }
    }
}

#[test]
fn every_beginning_of_the_function() {
    for item in beginnings(FUNCTION).chain(beginnings(MODULE)) {
        let output = plain(&isolate(&tokens("port, tmpdir"), &item));
        let body = plain(
            &item
                .clone()
                .into_iter()
                .skip_while(|token| token.to_string() != "fn")
                .collect(),
        );
        let body = body.rsplit_once('{').map_or("", |(_, body)| body);
        assert!(output.contains(body), "lost {body}: {item} gives {output}");
    }
}

/// The input of an editor while the cursor stands in a word: one token at a time is missing.
#[test]
fn every_token_left_out() {
    let function: Vec<_> = tokens(&closed(FUNCTION)).into_iter().collect();
    for left_out in 0..function.len() - 1 {
        let rest = function
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != left_out);
        let item: TokenStream = rest.map(|(_, token)| token.clone()).collect();
        let output = plain(&isolate(&tokens("port, tmpdir"), &item));
        assert!(
            output.contains("{half.typed(+)letx=}"),
            "lost the body: {item} gives {output}"
        );
    }
}
