"""Threads that do something again and again while a test looks at what comes of it."""

import threading


class Load:
    """`with` it: `work(number)` of a subclass runs in so many threads, until `over` is set."""

    def __init__(self, threads):
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(n,)) for n in range(threads)]

    def work(self, number):
        raise NotImplementedError

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(60)
