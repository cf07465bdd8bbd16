# The twin of waits.ts for Metaflow.
import time

from metaflow import FlowSpec, step


class Waits(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.wait, foreach='items')

    @step
    def wait(self):
        print('waiting', flush=True)
        time.sleep(2**20)
        self.next(self.merge)

    @step
    def merge(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == '__main__':
    Waits()
