namespace Sleeper.Ingest.Core.ObjectStores.S3;

/// <summary>A kind of request: how messages call it and what it must be allowed.</summary>
/// <param name="Words">For "Could not … the object": with a placeholder for the object or prefix.</param>
/// <param name="Permission">The action of a policy that grants it.</param>
/// <param name="IsOnBucket">True if the permission is on the bucket, false if it is on the object.</param>
internal sealed record S3Action(string Words, string Permission, bool IsOnBucket = false)
{
    public static readonly S3Action Put = new("write the object {0}", "s3:PutObject");
    public static readonly S3Action StartUpload = new("start the upload of the object {0}", "s3:PutObject");
    public static readonly S3Action PutPart = new("upload a part of the object {0}", "s3:PutObject");
    public static readonly S3Action CompleteUpload = new("complete the upload of the object {0}", "s3:PutObject");
    public static readonly S3Action AbortUpload = new("abort the upload of the object {0}", "s3:AbortMultipartUpload");
    public static readonly S3Action Get = new("read the object {0}", "s3:GetObject");
    public static readonly S3Action Head = new("look at the object {0}", "s3:GetObject");
    public static readonly S3Action Delete = new("delete the object {0}", "s3:DeleteObject");
    public static readonly S3Action List = new("list objects below {0}", "s3:ListBucket", IsOnBucket: true);
    public static readonly S3Action ListUploads = new("list unfinished uploads below {0}", "s3:ListBucketMultipartUploads", IsOnBucket: true);
}
