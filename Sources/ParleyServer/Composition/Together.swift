import ServiceLifecycle

/// Services that stop at the same moment.
///
/// A group stops its services one after the other, so each would wait for the grace time of those before it and the last would have none.
struct Together: Service {
    let services: [any Service]

    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for service in self.services { group.addTask { try await service.run() } }
        }
    }
}
