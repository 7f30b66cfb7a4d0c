"""S3's conditions.

* The check and the write of a conditional PutObject or CompleteMultipartUpload stand under one lock: of twenty racing
  writers one wins.
* CopyObject and UploadPartCopy mind x-amz-copy-source-if-match and -if-none-match: 412 PreconditionFailed.

Sources: S3's API reference (PutObject, CompleteMultipartUpload, CopyObject, UploadPartCopy).
"""

import threading
from urllib.parse import parse_qs, unquote, urlparse

from moto.s3.exceptions import PreconditionFailed
from moto.s3.responses import S3Response

LOCK = threading.RLock()


def _one_at_a_time(name):
    unguarded = getattr(S3Response, name)

    def guarded(self, *args, **kwargs):
        with LOCK:
            return unguarded(self, *args, **kwargs)

    setattr(S3Response, name, guarded)


_one_at_a_time("put_object")
_one_at_a_time("_key_response_post")  # CompleteMultipartUpload among others


def _bare(etag):
    return etag.strip().strip('"')


def _check_source(response):
    wanted = response.headers.get("x-amz-copy-source-if-match")
    unwanted = response.headers.get("x-amz-copy-source-if-none-match")
    if wanted is None and unwanted is None:
        return
    source = urlparse(response.headers["x-amz-copy-source"])
    bucket, key = unquote(source.path).lstrip("/").split("/", 1)
    version = parse_qs(source.query).get("versionId", [None])[0]
    found = response.backend.get_object(bucket, key, version_id=version)
    if found is None:
        return  # moto says what is missing
    if wanted is not None and _bare(wanted) != _bare(found.etag):
        raise PreconditionFailed(failed_condition="x-amz-copy-source-If-Match")
    if unwanted is not None and _bare(unwanted) == _bare(found.etag):
        raise PreconditionFailed(failed_condition="x-amz-copy-source-If-None-Match")


def _check_before(name):
    unchecked = getattr(S3Response, name)

    def checked(self, *args, **kwargs):
        _check_source(self)
        return unchecked(self, *args, **kwargs)

    setattr(S3Response, name, checked)


_check_before("upload_part_copy")
_check_before("copy_object")
