//! Machine code for plans at run time.
