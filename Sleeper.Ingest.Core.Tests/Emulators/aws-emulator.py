"""S3, DynamoDB, SQS and STS for the tests: moto's server with its concurrency defects removed (made for moto 5.2.1).

usage: python3 aws-emulator.py          binds a free port of 127.0.0.1, prints "listening PORT", ends when standard input ends

What the plain server gets wrong and this one repairs:
 1. (S3, DynamoDB) Requests run on threads with no lock around check-then-act, so TransactWriteItems
    loses acknowledged writes of other requests (it rolls back by swapping in a deep
    copy of the whole table), and readers see 'dictionary changed size' as HTTP 500.
    -> one lock for each of the two: their requests run one at a time.
 2. TransactWriteItems deep-copies the whole table: 4/s at 8,000 items.
    -> only the touched items are copied, and put back when it is cancelled.
 3. Query walks every item of the table, not the partition.
    -> the table's own key is used.
"""
import copy as _copy
import io
import os
import socket
import sys
import threading

from moto.dynamodb.models import DynamoDBBackend
import moto.dynamodb.models as ddb_models
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server


# --- TransactWriteItems: undo log for the touched items -----------------------
class _CopyShim:
    @staticmethod
    def deepcopy(x, memo=None):
        return x if isinstance(x, Table) else _copy.deepcopy(x, memo)

    copy = staticmethod(_copy.copy)


ddb_models.copy = _CopyShim
_orig_tx = DynamoDBBackend.transact_write_items


def _transact(self, transact_items):
    undo = []
    for entry in transact_items:
        _, op = next(iter(entry.items()))
        table = self.tables.get(op.get("TableName"))
        if table is None:
            continue
        src = op.get("Item") or op.get("Key") or {}
        if table.hash_key_attr not in src:
            continue
        h = DynamoType(src[table.hash_key_attr])
        r = DynamoType(src[table.range_key_attr]) if table.range_key_attr and table.range_key_attr in src else None
        cur = table.items.get(h)
        if r is not None:
            cur = cur.get(r) if cur else None
        undo.append((table, h, r, _copy.deepcopy(cur)))
    try:
        return _orig_tx(self, transact_items)
    except BaseException:
        for table, h, r, old in reversed(undo):
            if r is None:
                if old is None:
                    table.items.pop(h, None)
                else:
                    table.items[h] = old
            elif old is None:
                if h in table.items:
                    table.items[h].pop(r, None)
            else:
                table.items[h][r] = old
        raise


DynamoDBBackend.transact_write_items = _transact

# --- Query: only the partition asked for --------------------------------------
_orig_query = Table.query


def _query(self, hash_key, *a, **k):
    index_name = k.get("index_name", a[6] if len(a) > 6 else None)
    if index_name is None and hash_key is not None and self.range_key_attr:
        part = list(self.items.get(hash_key, {}).values())
        self.all_items = lambda: iter(part)
        try:
            return _orig_query(self, hash_key, *a, **k)
        finally:
            del self.all_items
    return _orig_query(self, hash_key, *a, **k)


Table.query = _query


# --- one lock per service -----------------------------------------------------
class Serial:
    def __init__(self, app):
        self.app, self.locks = app, {}

    def __call__(self, env, start):
        target = env.get("HTTP_X_AMZ_TARGET", "")
        service = target.split("_")[0].split(".")[0] or "s3"
        if service not in ("DynamoDB", "s3") or "x-www-form-urlencoded" in env.get("CONTENT_TYPE", ""):
            return self.app(env, start)  # SQS long polls must not hold a lock; ECS, Lambda, STS need none
        length = int(env.get("CONTENT_LENGTH") or 0)
        if length:  # read the body before taking the lock
            env["wsgi.input"] = io.BytesIO(env["wsgi.input"].read(length))
        with self.locks.setdefault(service, threading.Lock()):
            return [b"".join(self.app(env, start))]


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, *a):
        pass


def _end_with_parent():
    """The pipe ends when whoever started this program closes it or dies, however it dies."""
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    port = listener.getsockname()[1]
    os.environ["MOTO_PORT"] = str(port)  # queue addresses name it
    threading.Thread(target=_end_with_parent, daemon=True).start()
    application = Serial(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", port, application, threaded=True, request_handler=Quiet, fd=listener.fileno())
    print("listening", port, flush=True)
    server.serve_forever()
