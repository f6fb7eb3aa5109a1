namespace Messaging.Toolkit.Packaging.Tests;

/// <summary>Packs once for all tests, and runs them one after another: each of them keeps the machine busy by itself.</summary>
[CollectionDefinition(Name)]
public sealed class FeedCollection : ICollectionFixture<Feed>
{
    public const string Name = "packages";
}
