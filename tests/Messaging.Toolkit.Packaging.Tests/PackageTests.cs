using System.Buffers.Binary;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

namespace Messaging.Toolkit.Packaging.Tests;

/// <summary>What a package has in it, and says of itself.</summary>
[Collection(FeedCollection.Name)]
public sealed class PackageTests(Feed feed)
{
    public static TheoryData<string> Libraries => [.. Feed.Libraries];

    public static TheoryData<string> All => [.. Feed.Libraries, Feed.Templates];

    [Fact]
    public void Every_project_of_a_package_is_packed()
        => Directory.GetDirectories(Repository.PathOf("src")).Select(Path.GetFileName).Should().BeEquivalentTo(Feed.Libraries);

    [Theory, MemberData(nameof(All))]
    public void It_says_what_its_page_needs(string id)
    {
        var package = feed.Open(id);

        package["id"].Should().Be(id);
        package["description"].Should().NotBeNullOrWhiteSpace().And.NotBe("Package Description");
        package["authors"].Should().Be("The Messaging.Toolkit contributors");
        package["license"].Should().Be("MIT");
        package.Metadata.Elements().Single(element => element.Name.LocalName == "license").Attribute("type")!.Value.Should().Be("expression");
        package["tags"]!.Split(' ').Should().Contain("messaging").And.Contain("outbox").And.OnlyHaveUniqueItems();
        package.Read(package["readme"]!).Should().Equal(File.ReadAllBytes(Repository.PathOf("README.md")));
    }

    [Theory, MemberData(nameof(All))]
    public void Its_icon_is_a_picture_of_128_pixels(string id)
    {
        var package = feed.Open(id);

        var icon = package.Read(package["icon"]!);

        icon[1..4].Should().Equal("PNG"u8.ToArray());
        BinaryPrimitives.ReadInt32BigEndian(icon.AsSpan(16)).Should().Be(128);
        BinaryPrimitives.ReadInt32BigEndian(icon.AsSpan(20)).Should().Be(128);
    }

    [Theory, MemberData(nameof(Libraries))]
    public void A_library_has_its_assembly_and_its_documentation_and_nothing_else(string id)
        => feed.Open(id).Files.Should().BeEquivalentTo(["README.md", "icon.png", $"{id}.nuspec", $"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml"]);

    [Theory, MemberData(nameof(Libraries))]
    public void Its_documentation_has_what_is_public(string id)
    {
        var documentation = XDocument.Parse(System.Text.Encoding.UTF8.GetString(feed.Open(id).Read($"lib/net10.0/{id}.xml")).TrimStart('\uFEFF'));

        documentation.Descendants("member").Count(member => member.Attribute("name")!.Value.StartsWith("T:", StringComparison.Ordinal)).Should().BeGreaterThan(2);
    }

    [Theory, MemberData(nameof(Libraries))]
    public void Its_symbols_are_those_of_its_assembly(string id)
    {
        using var assembly = new PEReader(new MemoryStream(feed.Open(id).Read($"lib/net10.0/{id}.dll")));
        using var symbols = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(feed.Open(id, ".snupkg").Read($"lib/net10.0/{id}.pdb")));

        var wanted = assembly.ReadCodeViewDebugDirectoryData(assembly.ReadDebugDirectory().First(entry => entry.Type == DebugDirectoryEntryType.CodeView)).Guid;
        new BlobContentId(symbols.GetMetadataReader().DebugMetadataHeader!.Id).Guid.Should().Be(wanted);
    }

    [Theory]
    [InlineData("Messaging.Toolkit", "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Diagnostics.HealthChecks",
        "Microsoft.Extensions.Hosting.Abstractions", "Microsoft.Extensions.Logging.Abstractions", "System.Threading.RateLimiting")]
    [InlineData("Messaging.Toolkit.EntityFrameworkCore", "Messaging.Toolkit", "Microsoft.EntityFrameworkCore", "Microsoft.EntityFrameworkCore.Relational")]
    [InlineData("Messaging.Toolkit.Kafka", "Messaging.Toolkit", "Confluent.Kafka")]
    [InlineData("Messaging.Toolkit.RabbitMQ", "Messaging.Toolkit", "RabbitMQ.Client")]
    public void It_depends_on_what_was_meant(string id, params string[] dependencies) => feed.Open(id).Dependencies.Should().BeEquivalentTo(dependencies);

    /// <summary>Where the package feed has no newer SQLite it depends on what stands in for it. Such a package is for tests like these.</summary>
    [Fact]
    public void The_simulator_depends_on_the_store_and_on_SQLite()
    {
        string[] sqlite = Repository.UsesOlderSqlite
            ? ["Microsoft.EntityFrameworkCore.Sqlite.Core", "SQLitePCLRaw.bundle_e_sqlite3", "SQLitePCLRaw.core", "SQLitePCLRaw.lib.e_sqlite3", "SQLitePCLRaw.provider.e_sqlite3"]
            : ["Microsoft.EntityFrameworkCore.Sqlite"];

        feed.Open("Messaging.Toolkit.Testing").Dependencies.Should().BeEquivalentTo(
            ["Messaging.Toolkit.EntityFrameworkCore", "Microsoft.Extensions.DependencyInjection", "Microsoft.Extensions.Logging", .. sqlite]);
    }

    [Fact]
    public void The_templates_depend_on_nothing_and_are_known_as_templates()
    {
        var package = feed.Open(Feed.Templates);

        package.Dependencies.Should().BeEmpty();
        package.Metadata.Descendants().Single(element => element.Name.LocalName == "packageType").Attribute("name")!.Value.Should().Be("Template");
        package.Files.Should().OnlyContain(file => !file.Contains("/obj/") && !file.Contains("/bin/"));
    }

    [Theory, MemberData(nameof(All))]
    public void Nothing_in_it_says_where_it_was_packed(string id)
    {
        var metadata = feed.Open(id).Metadata;

        metadata.ToString().Should().NotContain(Repository.Root.TrimEnd('/'));
        metadata.Elements().Where(element => element.Name.LocalName == "repository").SelectMany(element => element.Attributes("url")).Should().BeEmpty("no address is configured");
    }
}
