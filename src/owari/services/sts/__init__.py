"""AWS Security Token Service: who the caller is, and credentials that last a while."""
