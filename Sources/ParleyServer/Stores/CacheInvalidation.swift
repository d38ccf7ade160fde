import Parley
package import Postgres
import ServiceLifecycle

/// Makes this process forget channels and keys the moment any process changes them.
package struct CacheInvalidation: Service {
    private let listener: Listener
    private let channels: ChannelStore
    private let keys: KeyStore

    package init(listener: Listener, channels: ChannelStore, keys: KeyStore) {
        self.listener = listener
        self.channels = channels
        self.keys = keys
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await notification in self.listener.notifications(on: ChannelStore.notifications) {
                        // Nil, so all: somebody may have spoken while the session was away.
                        if case .received(let payload) = notification {
                            self.channels.forget(ChannelID(payload))
                        } else {
                            self.channels.forget(nil)
                        }
                    }
                }
                group.addTask { for await _ in self.listener.notifications(on: KeyStore.notifications) { self.keys.forgetAll() } }
            }
        }
    }
}
