/// What the metrics tell of HTTP: how many requests, how they ended, how long they took.
struct HTTPTelemetry: Sendable {
    let metrics: Metrics

    /// - Parameter pattern: the route as registered, so the label's values are a closed set.
    func answered(pattern: String, status: Int, duration: Duration) {
        let labels = ["route": pattern, "status": "\(status / 100)xx"]
        self.metrics.counter("parley_http_requests_total", "HTTP requests answered, by route and class of status.", labels).add()
        self.metrics.histogram("parley_http_request_seconds", "From a whole request to its answer.", ["route": pattern]).record(duration)
    }
}
