import Foundation
import Parley
import Testing

/// The corpus shared by all who work on Parley where it stands beside the repository, else the copy kept here.
enum SharedCorpus {
    static func json(_ path: String) throws -> JSON {
        let tests = URL(filePath: #filePath).deletingLastPathComponent()
        let shared = tests.appending(path: "../../../shared/corpus/\(path)").standardizedFileURL
        let url = FileManager.default.fileExists(atPath: shared.path) ? shared : tests.appending(path: "Corpus/\(path)")
        return try JSON(parsing: Array(Data(contentsOf: url)))
    }
}
