# The twin of printing.ts for Metaflow; with no lines it is a two-step flow that does nothing.
from metaflow import FlowSpec, Parameter, step


class Printing(FlowSpec):
    lines = Parameter('lines', default=0)

    @step
    def start(self):
        for i in range(self.lines):
            print(f'line {i} of those that this step prints')
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == '__main__':
    Printing()
