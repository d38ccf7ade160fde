import Parley

/// What a new adapter begins as: small, complete, and its case passes.
enum AdapterTemplate {
    static func files(for name: AdapterName) -> [(path: String, text: String)] {
        [
            (
                "adapter.yaml",
                """
                adapter: \(name)
                kind: \(name)
                summary: What this connects, in one line

                settings:
                  secret:
                    type: string
                    secret: true
                    summary: What the provider signs its requests with
                  token:
                    type: string
                    secret: true
                    summary: What lets us send
                  api_base:
                    type: string
                    format: uri
                    default: "https://api.provider.example"
                    summary: Where the provider's API is

                capabilities: {text: {encoding: unicode, characters: 4000}, media: {max_count: 0}, buttons: text}
                limits: {per_second: 10}

                verify:
                  hmac:
                    hash: sha256
                    key: .settings.secret
                    over: .body
                    given: .headers["x-signature"]
                    encoding: hex

                routes:
                  message:
                    inbound: '.json | {id: .id, from: .from, to: .to, text: .text}'

                outbound:
                  request: |
                    {
                      url: "\\(.settings.api_base)/messages",
                      headers: {authorization: "Bearer \\(.settings.token)"},
                      json: {to: .message.to, text: .message.text}
                    }
                  outcome: |
                    if .status == 200 or .status == 201 then {accepted: .json.id}
                    elif .status == 429 then {retry: "throttled", after: .retry_after}
                    elif .status == 401 or .status == 403 then {refused: "credentials"}
                    elif .status >= 500 then {ambiguous: "provider_error"}
                    else {refused: "rejected"} end

                """
            ),
            (
                "cases/first.yaml",
                """
                settings: {secret: s3cret, token: t0ken}
                cases:
                  - case: a message comes in
                    unsigned: true
                    request:
                      headers: {content-type: application/json}
                      json: {id: m1, from: ada, to: us, text: hello}
                    expect: {messages: [{id: m1, from: ada, text: hello}]}
                  - case: an answer leaves
                    send: {to: ada, text: hi}
                    expect: {requests: [{url: "https://api.provider.example/messages", json: {to: ada, text: hi}}]}
                  - case: the provider took it
                    outcome: {status: 200, json: {id: p1}}
                    expect: {outcome: {accepted: p1}}

                """
            ),
            (
                "README.md",
                """
                # \(name)

                How to connect an account:

                1. At the provider, …
                2. `parley channels add --workspace WORKSPACE --adapter \(name) --name NAME --settings FILE`, with FILE holding
                   `{"secret": "…", "token": "…"}`.
                3. Enter the hook URL that this prints at the provider.

                """
            ),
        ]
    }
}
