# A cache with an hour's life. ORIGIN is put in by bench/run load.
vcl 4.1;
backend default { .host = "127.0.0.1"; .port = "ORIGIN"; }
sub vcl_backend_response { set beresp.ttl = 1h; }
