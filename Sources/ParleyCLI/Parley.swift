import ArgumentParser
import ParleyServer
@main struct Main: ParsableCommand { }
