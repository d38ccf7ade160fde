import Testing

@testable import ParleyServer

@Suite struct MetricsTests {
    @Test func `writes the text that Prometheus reads`() {
        let metrics = Metrics()
        metrics.counter("sent_total", "Sent.", ["adapter": "twilio"]).add(2)
        metrics.counter("sent_total", "Sent.", ["adapter": "twilio"]).add()
        metrics.gauge("waiting", "Waiting.").set(4)
        metrics.histogram("seconds", "Time.", bounds: [0.5, 1]).record(0.7)
        #expect(
            metrics.text == """
                # HELP seconds Time.
                # TYPE seconds histogram
                seconds_bucket{le="0.5"} 0
                seconds_bucket{le="1.0"} 1
                seconds_bucket{le="+Inf"} 1
                seconds_sum 0.7
                seconds_count 1
                # HELP sent_total Sent.
                # TYPE sent_total counter
                sent_total{adapter="twilio"} 3
                # HELP waiting Waiting.
                # TYPE waiting gauge
                waiting 4

                """
        )
    }

    @Test func `a label's value cannot end its line`() {
        let metrics = Metrics()
        metrics.counter("a_total", "A.", ["x": "\"\n\\"]).add()
        #expect(metrics.text.contains(#"a_total{x="\"\n\\"} 1"#))
    }
}
