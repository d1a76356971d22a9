"""The body of a request and the decoder of a stream, for each API."""
