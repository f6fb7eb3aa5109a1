using System.Reflection;
using Messaging.Toolkit.Configuration;

namespace Messaging.Toolkit.Tests.Conventions;

/// <summary>docs/options.md is made of the documentation of the code, so that it says what the code says, and says all of it.</summary>
public sealed class OptionsReferenceTests
{
    private const string Page = "docs/options.md";

    [Fact]
    public void The_page_of_options_is_the_documentation_of_the_code()
        => Approval.VerifyFile(Page, OptionsReference.Write());

    [Fact]
    public void Each_option_with_a_value_says_its_default()
    {
        var silent = OptionsReference.Types.Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal) && type != typeof(PublishOptions))
            .SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Where(property => property.SetMethod is { IsPublic: true } && !OptionsReference.TextOf(property).Contains("efault", StringComparison.Ordinal))
            .Select(property => $"{property.DeclaringType!.Name}.{property.Name}");

        silent.Should().BeEmpty("who reads an option wants to know what it is if he does nothing");
    }

    [Fact]
    public void Every_builder_is_on_the_page()
    {
        var builders = Packages.Core.GetExportedTypes().Where(type => type.Namespace == typeof(MessagingBuilder).Namespace && type.Name.Split('`')[0].EndsWith("Builder", StringComparison.Ordinal));

        OptionsReference.Types.Should().Contain(builders.Where(type => !type.IsAbstract));
    }
}
