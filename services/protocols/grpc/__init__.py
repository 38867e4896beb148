"""The function `grpc` (DSL reference, gRPC Call)."""
