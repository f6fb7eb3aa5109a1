using System.IO.Compression;
using System.Xml.Linq;

namespace Messaging.Toolkit.Packaging.Tests;

/// <summary>A package, as whoever installs it gets it.</summary>
public sealed class Package(string path)
{
    /// <summary>All files but those that are NuGet's own.</summary>
    public IReadOnlyList<string> Files
    {
        get
        {
            using var archive = ZipFile.OpenRead(path);
            return [.. archive.Entries.Select(entry => entry.FullName).Where(name => !name.StartsWith("_rels/", StringComparison.Ordinal) && !name.StartsWith("package/", StringComparison.Ordinal) && name != "[Content_Types].xml")];
        }
    }

    public XElement Metadata => XDocument.Parse(System.Text.Encoding.UTF8.GetString(Read(Files.Single(file => file.EndsWith(".nuspec", StringComparison.Ordinal)))).TrimStart('\uFEFF'))
        .Root!.Elements().Single(element => element.Name.LocalName == "metadata");

    /// <summary>What it says of itself under a name; null if it does not.</summary>
    public string? this[string name] => Metadata.Elements().SingleOrDefault(element => element.Name.LocalName == name)?.Value;

    public IReadOnlyList<string> Dependencies => [.. Metadata.Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => element.Attribute("id")!.Value)];

    public byte[] Read(string file)
    {
        using var archive = ZipFile.OpenRead(path);
        using var stream = archive.GetEntry(file)!.Open();
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
