"""Average linkage by scikit-learn over files of 32-bit rows: one JSON line of seconds, extra memory and labels for each file."""

import json
import resource
import sys
import time

import numpy
from sklearn.cluster import AgglomerativeClustering


def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def cluster(path, dimensions, threshold):
    rows = numpy.fromfile(path, dtype=numpy.float32).reshape(-1, dimensions)
    before = peak_mb()
    began = time.perf_counter()
    model = AgglomerativeClustering(
        n_clusters=None, metric="cosine", linkage="average", distance_threshold=1 - threshold
    )
    labels = model.fit_predict(rows)
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "extra_mb": peak_mb() - before, "labels": labels.tolist()}


for task in json.load(sys.stdin):
    print(json.dumps(cluster(task["path"], task["dimensions"], task["threshold"])), flush=True)
