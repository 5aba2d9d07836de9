//! Boots services on free ports, scripted peers and faults; for tests only.
