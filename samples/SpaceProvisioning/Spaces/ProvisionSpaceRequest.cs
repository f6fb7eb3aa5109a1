using System.Text.RegularExpressions;

namespace SpaceProvisioning.Spaces;

/// <summary>The body of <c>POST /spaces</c>.</summary>
/// <param name="Name">Becomes a part of the host name.</param>
public sealed partial record ProvisionSpaceRequest(string? Name)
{
    /// <summary>What is wrong with it, by field.</summary>
    public Dictionary<string, string[]> Validate() => Name is not null && Label().IsMatch(Name)
        ? []
        : new() { ["name"] = ["Choose a name of 1 to 63 small letters, digits and hyphens that begins and ends with a letter or digit."] };

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\z")]
    private static partial Regex Label();
}
