"""Function URLs over HTTP: a request becomes an event, the function's answer a response."""
