//! SQL that is known when the program is compiled.

/// One SQL statement, in the dialect that SQLite and PostgreSQL share, with parameters `$1`, `$2`, ….
///
/// Statements are constants that only [`statements!`](crate::statements) makes. Their text therefore never
/// holds a run-time value, and a module's `STATEMENTS` lists all of them for the test that prepares each on
/// PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    name: &'static str,
    sql: &'static str,
    sqlite: &'static str,
    parameters: usize,
}

impl Statement {
    /// The path of the constant, such as `customers::store::FIND`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The text as written.
    #[must_use]
    pub const fn sql(&self) -> &'static str {
        self.sql
    }

    /// How many parameters it takes: the highest `$n`.
    #[must_use]
    pub const fn parameters(&self) -> usize {
        self.parameters
    }

    /// The text with `?n` for `$n`: SQLite numbers `$n` by its first occurrence, `?n` by `n`.
    pub(crate) const fn sqlite(&self) -> &'static str {
        self.sqlite
    }
}

/// Declares [`Statement`](crate::Statement) constants, and `STATEMENTS`, the list of them.
///
/// The text is checked when it is compiled: it is one statement that reads or changes rows, without a closing
/// semicolon, and its parameters are `$1` to `$n` without a gap.
///
/// ```compile_fail
/// database::statements! {
///     /// A transaction's end is not its closure's business.
///     pub const COMMIT: "COMMIT";
/// }
/// ```
///
/// ```
/// mod store {
///     database::statements! {
///         /// The customer with this id.
///         pub const FIND: "SELECT name FROM customers WHERE id = $1";
///     }
/// }
/// assert_eq!(store::FIND.parameters(), 1);
/// assert_eq!(store::STATEMENTS, [store::FIND]);
/// ```
#[macro_export]
macro_rules! statements {
    ($($(#[$meta:meta])* $vis:vis const $name:ident : $sql:expr;)*) => {
        $(
            $(#[$meta])*
            $vis const $name: $crate::Statement = {
                const SQL: &str = $sql;
                const SQLITE: [u8; SQL.len()] = $crate::made_by_the_macro::numbered(SQL);
                const NAME: &str = concat!(module_path!(), "::", stringify!($name));
                $crate::made_by_the_macro::statement(NAME, SQL, &SQLITE)
            };
        )*

        /// Every statement of this module, for the test that prepares each of them.
        pub const STATEMENTS: &[$crate::Statement] = &[$($name),*];
    };
}

/// What [`statements!`](crate::statements) expands to; nothing else may call it.
#[doc(hidden)]
pub mod made_by_the_macro {
    use super::Statement;

    /// Far more than any statement needs, and few enough to note as bits of one integer.
    const MAX_PARAMETERS: usize = 64;

    /// # Panics
    ///
    /// When compiled, if the text breaks a rule of [`statements!`](crate::statements).
    #[must_use]
    pub const fn statement(name: &'static str, sql: &'static str, sqlite: &'static [u8]) -> Statement {
        assert!(starts_with_a_verb(sql.as_bytes()), "SELECT, INSERT, UPDATE, DELETE or WITH");
        // It is `sql` with one ASCII character for another.
        let Ok(sqlite) = std::str::from_utf8(sqlite) else { unreachable!() };
        Statement { name, sql, sqlite, parameters: parameters(sqlite.as_bytes()) }
    }

    /// The text with `?` for every `$` outside of quotes and comments.
    #[must_use]
    pub const fn numbered<const N: usize>(sql: &str) -> [u8; N] {
        let sql = sql.as_bytes();
        let mut out = [0; N];
        let mut context = Context::Code;
        let mut at = 0;
        while at < N {
            let next = if at + 1 < N { sql[at + 1] } else { b'\n' };
            context = context.after(sql[at], next);
            out[at] = sql[at];
            if matches!(context, Context::Code) {
                assert!(sql[at] != b'?', "parameters are written $1, $2, …");
                assert!(sql[at] != b';', "one statement, without a semicolon");
                if sql[at] == b'$' {
                    assert!(next.is_ascii_digit() && next != b'0', "parameters are written $1, $2, …");
                    out[at] = b'?';
                }
            }
            at += 1;
        }
        out
    }

    const fn starts_with_a_verb(sql: &[u8]) -> bool {
        let sql = sql.trim_ascii_start();
        starts_with(sql, b"SELECT")
            || starts_with(sql, b"INSERT")
            || starts_with(sql, b"UPDATE")
            || starts_with(sql, b"DELETE")
            || starts_with(sql, b"WITH")
    }

    const fn starts_with(sql: &[u8], verb: &[u8]) -> bool {
        sql.len() > verb.len()
            && sql[verb.len()].is_ascii_whitespace()
            && sql.split_at(verb.len()).0.eq_ignore_ascii_case(verb)
    }

    /// The highest `?n` outside of quotes and comments.
    const fn parameters(sql: &[u8]) -> usize {
        let mut seen: u64 = 0;
        let mut context = Context::Code;
        let mut at = 0;
        while at < sql.len() {
            let next = if at + 1 < sql.len() { sql[at + 1] } else { b'\n' };
            context = context.after(sql[at], next);
            if matches!(context, Context::Code) && sql[at] == b'?' {
                let number = number(sql, at + 1);
                assert!(number <= MAX_PARAMETERS, "at most 64 parameters");
                seen |= 1 << (number - 1);
            }
            at += 1;
        }
        let highest = (u64::BITS - seen.leading_zeros()) as usize;
        assert!(seen.count_ones() as usize == highest, "parameters $1 to $n have no gap");
        highest
    }

    const fn number(sql: &[u8], mut at: usize) -> usize {
        let mut number = 0;
        while at < sql.len() && sql[at].is_ascii_digit() && number <= MAX_PARAMETERS {
            number = number * 10 + (sql[at] - b'0') as usize;
            at += 1;
        }
        number
    }

    /// Where in SQL a character stands.
    #[derive(Clone, Copy)]
    enum Context {
        Code,
        Text,
        Name,
        Comment,
    }

    impl Context {
        /// The context of `now`, given that of the character before it.
        const fn after(self, now: u8, next: u8) -> Self {
            match (self, now) {
                (Self::Code, b'\'') => Self::Text,
                (Self::Code, b'"') => Self::Name,
                (Self::Code, b'-') if next == b'-' => Self::Comment,
                (Self::Text, b'\'') | (Self::Name, b'"') | (Self::Comment, b'\n') => Self::Code,
                (context, _) => context,
            }
        }
    }
}
