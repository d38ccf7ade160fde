import HTTPTypes
package import HummingbirdCore
import Logging
import NIOCore

extension Response {
    /// An answer of Server-Sent Events that lives until `produce` returns, the peer is gone or stops reading, or the process stops.
    ///
    /// Heartbeats are written whenever nothing else is. The write deadline holds for them as for any answer (F14).
    ///
    /// - Parameter produce: sends events in a loop; it is cancelled at the end. A throw ends the stream; the browser comes back.
    /// - Throws: 503 when the process has as many streams as it may have.
    package static func events(_ produce: @escaping @Sendable (EventStream) async throws -> Void) throws(Problem) -> Response {
        let streams = OpenStreams.current
        if let streams, !streams.hasRoom { throw .unavailable("too_many_streams", retryAfter: 5) }
        var headers = HTTPFields()
        headers[.contentType] = "text/event-stream"
        headers[.cacheControl] = "no-store, no-transform"
        headers[HTTPField.Name("x-accel-buffering")!] = "no"
        return Response(
            status: .ok,
            headers: headers,
            body: ResponseBody { writer in
                let stream = EventStream()
                let work = StreamWork(stream, in: streams, produce)
                defer { work.end() }
                // By hand, not by a cancellation handler around the loop: the writer must not leave this task.
                while let bytes = await work.next() { try await writer.write(ByteBuffer(bytes: bytes)) }
                try await writer.finish(nil)
            }
        )
    }
}

/// What runs beside the writing of one stream: its producer and its heartbeat.
private final class StreamWork: Sendable {
    private let stream: EventStream
    private let streams: OpenStreams?
    private let number: Int?
    private let tasks: [Task<Void, Never>]

    init(_ stream: EventStream, in streams: OpenStreams?, _ produce: @escaping @Sendable (EventStream) async throws -> Void) {
        self.stream = stream
        self.streams = streams
        self.number = streams?.add { Task { await stream.stop() } }
        let heartbeat = streams?.heartbeat ?? .seconds(15)
        self.tasks = [
            Task {
                do { try await produce(stream) } catch is EventStream.Ended, is CancellationError {} catch {
                    if !Task.isCancelled { streams?.logger.warning("an event stream broke off", metadata: ["error": "\(error)"]) }
                }
                await stream.end()
            },
            Task {
                while (try? await Task.sleep(for: heartbeat)) != nil { await stream.beat() }
            },
        ]
    }

    func next() async -> [UInt8]? {
        await withTaskCancellationHandler {
            await self.stream.next()
        } onCancel: { [stream] in
            Task { await stream.end() }
        }
    }

    func end() {
        for task in self.tasks { task.cancel() }
        self.streams?.remove(self.number)
        Task { [stream] in await stream.end() }
    }
}
