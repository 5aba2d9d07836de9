//! One transaction type over an embedded or a server database, with group commit and migrations.
