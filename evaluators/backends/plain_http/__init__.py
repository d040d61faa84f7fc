"""Requests in bulk by plain HTTP/1.1, at a third of the processor time of aiohttp, which a fast server would wait for.

plain_connection    one connection: sends a request, waits for its answer, or for its time to end
response_reading    the bytes of an answer become status and body
plain_posting       which servers are asked this way; connections that are kept for the next request
"""
