"""The HTTP server of the tests."""

from http.server import ThreadingHTTPServer


class LocalServer(ThreadingHTTPServer):
    """It says nothing: what a thread of it wrote to stderr would stand in another test's output.

    A client that is gone is no fault of the server's; a request that was not as expected gets no answer.
    """

    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """Nothing."""
