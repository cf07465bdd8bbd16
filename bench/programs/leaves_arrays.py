# The twin of leaves-arrays.ts for Metaflow.
from metaflow import FlowSpec, Parameter, step


class LeavesArrays(FlowSpec):
    count = Parameter('count', type=int, required=True)
    bytes = Parameter('bytes', type=int, required=True)

    @step
    def start(self):
        self.indices = list(range(self.count))
        self.next(self.leave, foreach='indices')

    @step
    def leave(self):
        if self.bytes > 0:
            self.array = self.input.to_bytes(4, 'big') + bytes([self.input % 251]) * (self.bytes - 4)
        self.next(self.merge)

    @step
    def merge(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == '__main__':
    LeavesArrays()
