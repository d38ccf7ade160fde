"""What the fault run and the benchmark share: a private PostgreSQL, Parley's processes, a provider's stand-in, signed requests."""
