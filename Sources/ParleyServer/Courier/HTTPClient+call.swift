import Curl
import Parley

extension HTTPClient {
    /// Makes a call that an adapter composed.
    ///
    /// - Parameter limit: bytes of the answer.
    func answer(
        to call: HTTPCall,
        within deadline: Duration = .seconds(30),
        limit: Int = 1_000_000
    ) async throws(TransferError) -> ProviderAnswer {
        let answer = try await self.send(
            HTTPTransfer(
                method: call.method,
                url: call.url,
                headers: call.headers,
                body: call.body,
                deadline: deadline,
                answerLimit: limit
            )
        )
        return ProviderAnswer(status: answer.status, headers: answer.headers, body: answer.body)
    }
}
