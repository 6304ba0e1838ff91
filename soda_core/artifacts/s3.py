"""Artifacts in any S3; the only module that knows boto3.

Endpoint and credentials come from the environment as every AWS tool reads them: AWS_ENDPOINT_URL,
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ParamSpec, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from soda_core.artifacts.store import StoredObject
from soda_core.errors import MissingArtifactError, StoreError

P = ParamSpec("P")
T = TypeVar("T")
CONNECT_TIMEOUT_SECONDS = 10
MAX_ATTEMPTS = 8
"""Standard-mode retries with back-off: together about a minute, enough for a restarted server."""

REMEDIES = {
    "InvalidAccessKeyId": "check AWS_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": "check AWS_SECRET_ACCESS_KEY",
    "AccessDenied": "check the key's permissions on this bucket",
    "403": "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the key's permissions on this bucket",
    "NoSuchBucket": "create the bucket, or correct its name",
    "InternalError": "is its disk full? Free some space and run again: what is done is kept",
}


class S3Store:
    """ArtifactStore over one bucket."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket
        config = Config(
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            retries={"mode": "standard", "max_attempts": int(os.environ.get("AWS_MAX_ATTEMPTS", MAX_ATTEMPTS))},
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        self._client = _translated(boto3.client, "s3", config=config)

    def get(self, key: str) -> StoredObject | None:
        try:
            response = self._client.get_object(Bucket=self.bucket, Key=key)
            return StoredObject(response["Body"].read(), response["Metadata"])
        except ClientError as error:
            if _code(error) in {"NoSuchKey", "404"}:
                return None
            raise self._explain(error) from error
        except BotoCoreError as error:
            raise self._explain(error) from error

    def put(self, key: str, body: bytes, metadata: dict[str, str] | None = None, *, if_absent: bool = False) -> bool:
        condition = {"IfNoneMatch": "*"} if if_absent else {}
        try:
            self._client.put_object(Bucket=self.bucket, Key=key, Body=body, Metadata=metadata or {}, **condition)
        except ClientError as error:
            if _code(error) in {"PreconditionFailed", "412", "ConditionalRequestConflict", "409"}:
                return False
            raise self._explain(error) from error
        except BotoCoreError as error:
            raise self._explain(error) from error
        return True

    def exists(self, key: str) -> bool:
        try:
            self._client.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if _code(error) in {"NoSuchKey", "404", "NotFound"}:
                return False
            raise self._explain(error) from error
        except BotoCoreError as error:
            raise self._explain(error) from error
        return True

    def list(self, prefix: str) -> Iterator[str]:
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            for page in pages:
                yield from (entry["Key"] for entry in page.get("Contents", []))
        except (BotoCoreError, ClientError) as error:
            raise self._explain(error) from error

    def upload(self, path: Path, key: str) -> None:
        try:
            self._client.upload_file(str(path), self.bucket, key)
        except (BotoCoreError, ClientError, boto3.exceptions.Boto3Error) as error:
            raise self._explain(error) from error

    def download(self, key: str, path: Path) -> None:
        try:
            self._client.download_file(self.bucket, key, str(path))
        except ClientError as error:
            if _code(error) in {"NoSuchKey", "404"}:
                raise MissingArtifactError(f"object {key} is not in bucket '{self.bucket}': run the stage that writes it.") from error
            raise self._explain(error) from error
        except BotoCoreError as error:
            raise self._explain(error) from error

    def create_bucket(self) -> None:
        """Make the bucket unless it is there. Raises StoreError."""
        try:
            self._client.create_bucket(Bucket=self.bucket)
        except ClientError as error:
            if _code(error) not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
                raise self._explain(error) from error
        except BotoCoreError as error:
            raise self._explain(error) from error

    def _explain(self, error: Exception) -> StoreError:
        code = _code(error) if isinstance(error, ClientError) else type(error).__name__
        remedy = REMEDIES.get(code, "check AWS_ENDPOINT_URL and that the S3 server runs")
        return StoreError(f"S3 bucket '{self.bucket}' at {self._client.meta.endpoint_url} failed ({code}): {remedy}.")


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _translated(make: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return make(*args, **kwargs)
    except (BotoCoreError, ValueError) as error:
        raise StoreError(f"the S3 client cannot be made: {error}. Check AWS_ENDPOINT_URL and AWS_REGION.") from error
