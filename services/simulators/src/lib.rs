//! Stand-ins for the systems outside: payment provider, carrier and mail.
