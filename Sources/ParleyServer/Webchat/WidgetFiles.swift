import HTTPTypes

/// `/webchat/widget.js` and what it loads: for the pages of every origin, whoever may then chat.
struct WidgetFiles: Sendable {
    let home: Home

    func mount(on routes: inout Routes) {
        // Modules are fetched with CORS, also by a page that then may not open a session. No script of ours runs in these answers.
        let headers: HTTPFields = [
            .accessControlAllowOrigin: "*", .crossOriginResourcePolicy: "cross-origin", .cacheControl: "public, max-age=300",
            .contentSecurityPolicy: "default-src 'none'; sandbox",
        ]
        let widget = StaticFiles(folder: self.home.web, headers: headers)
        routes.on(.get, "/webchat/widget.js") { try widget.answer("widget.js", to: $0) }
        let assets = StaticFiles(folder: "\(self.home.web)/webchat", headers: headers)
        routes.on(.get, "/webchat/assets/:name") { try assets.answer($0.parameters["name"] ?? "", to: $0) }
    }
}

extension HTTPField.Name {
    static let crossOriginResourcePolicy = Self("Cross-Origin-Resource-Policy")!
}
