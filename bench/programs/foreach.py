# The twin of foreach.ts for Metaflow.
from metaflow import FlowSpec, Parameter, step


class Foreach(FlowSpec):
    count = Parameter('count', type=int, required=True)

    @step
    def start(self):
        self.items = list(range(self.count))
        self.next(self.work, foreach='items')

    @step
    def work(self):
        self.square = self.input * self.input
        self.next(self.merge)

    @step
    def merge(self, inputs):
        self.sum = sum(i.square for i in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == '__main__':
    Foreach()
