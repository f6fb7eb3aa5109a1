using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Journal;
using Messaging.Toolkit.Kafka;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.RabbitMQ;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Scheduling;

namespace Messaging.Toolkit.Tests.Conventions;

/// <summary>Writes a page of all that can be configured, from the XML documentation of the packages.</summary>
static partial class OptionsReference
{
    private static readonly (string Title, string Where, Type Type)[] Sections =
    [
        ("The application", "`services.AddMessaging(messaging => messaging...)`", typeof(MessagingBuilder)),
        ("Events", "`.Event<T>(e => e...)`", typeof(EventBuilder<>)),
        ("Commands", "`.Command<T>(c => c...)`", typeof(CommandBuilder<>)),
        ("Endpoints", "`.Endpoint(\"name\", e => e...)`", typeof(EndpointBuilder)),
        ("Failures", "`.OnFailure(f => f...)` of an endpoint", typeof(FailureBuilder)),
        ("The ladder of an exception", "`.On<TException>(l => l...)` of the failures", typeof(LadderBuilder)),
        ("Circuit breaker", "`.CircuitBreaker(c => c...)` of an endpoint", typeof(CircuitBreakerBuilder)),
        ("Recurring schedules", "`.Recurring(name, expression, create, r => r...)`", typeof(RecurringBuilder)),
        ("One message", "`bus.Publish(message, o => ...)` and `Send`", typeof(PublishOptions)),
        ("Limits", "`.Limits(l => ...)`", typeof(MessageLimits)),
        ("Outbox", "`.Outbox(o => ...)`", typeof(OutboxOptions)),
        ("Inbox", "`.Inbox(i => ...)`", typeof(InboxOptions)),
        ("Scheduling", "`.Scheduling(s => ...)`", typeof(SchedulingOptions)),
        ("Sagas", "`.Sagas(s => ...)`", typeof(SagaOptions)),
        ("Observability", "`.Observability(o => ...)`", typeof(ObservabilityOptions)),
        ("Health checks", "`services.AddHealthChecks().AddMessaging(h => ...)`", typeof(MessagingHealthOptions)),
        ("Journal", "`.Journal(j => ...)`", typeof(JournalOptions)),
        ("Tables", "`modelBuilder.AddMessaging(t => ...)`", typeof(MessagingTableOptions)),
        ("RabbitMQ", "`.UseRabbitMQ(r => ...)`", typeof(RabbitMQOptions)),
        ("RabbitMQ, a queue", "`r.Queues`, and `r.Queue(endpoint, q => ...)`", typeof(RabbitMQQueueOptions)),
        ("Kafka", "`.UseKafka(k => ...)`", typeof(KafkaOptions)),
        ("Kafka, a topic", "`k.Topics`, and `k.Topic(name, t => ...)`", typeof(KafkaTopicOptions)),
    ];

    private static readonly Dictionary<string, XElement> Documentation = new[] { Packages.Core, Packages.EntityFrameworkCore, Packages.Kafka, Packages.RabbitMQ }
        .SelectMany(package => XDocument.Load(Path.ChangeExtension(package.Location, ".xml")).Descendants("member"))
        .DistinctBy(member => member.Attribute("name")!.Value) // What the compiler generates has the same name in each.
        .ToDictionary(member => member.Attribute("name")!.Value, StringComparer.Ordinal);

    public static IEnumerable<Type> Types => Sections.Select(section => section.Type);

    public static string Write()
    {
        var page = new StringBuilder(
            """
            # All options

            Everything that can be configured, with its default, its unit and its bounds. What is out of bounds, and whatever else is wrong, is reported at start, all of it
            together. This page is made of the documentation of the code by a test ([OptionsReferenceTests](../tests/Messaging.Toolkit.Tests/Conventions/OptionsReferenceTests.cs)).

            """.ReplaceLineEndings("\n"));
        foreach (var (title, where, type) in Sections)
        {
            page.Append($"\n## {title}\n\n{where}\n\n| | |\n|---|---|\n");
            foreach (var (name, text) in MembersOf(type))
            {
                page.Append($"| `{name}` | {text.Replace("|", "\\|", StringComparison.Ordinal)} |\n");
            }
        }

        return page.ToString();
    }

    /// <summary>All that its documentation says of a member.</summary>
    public static string TextOf(MemberInfo member) => Documentation.TryGetValue(IdOf(member), out var documentation) ? Text(documentation) : "";

    private static IEnumerable<(string Name, string Text)> MembersOf(Type type)
    {
        var hierarchy = new[] { type }.Concat(type.BaseType is { } parent && parent.Assembly == Packages.Core ? [parent.IsGenericType ? parent.GetGenericTypeDefinition() : parent] : []);
        foreach (var member in hierarchy.SelectMany(each => each.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)).OrderBy(member => member.MetadataToken).ThenBy(member => member.Name, StringComparer.Ordinal))
        {
            switch (member)
            {
                case PropertyInfo property when property.GetIndexParameters().Length == 0:
                    yield return (property.Name, TextOf(property));
                    break;
                case MethodInfo { IsSpecialName: false } method when method.GetBaseDefinition().DeclaringType != typeof(object):
                    yield return ($"{method.Name}{(method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(argument => argument.Name))}>" : "")}({string.Join(", ", method.GetParameters().Select(parameter => parameter.Name))})", TextOf(method));
                    break;
            }
        }
    }

    /// <summary>The name of a member in the file of documentation. Overloads are told apart by their parameters, which here is done by trying.</summary>
    private static string IdOf(MemberInfo member)
    {
        var prefix = $"{(member is PropertyInfo ? "P" : "M")}:{member.DeclaringType!.FullName}.{member.Name}";
        if (member is not MethodInfo method)
        {
            return prefix;
        }

        var generic = method.IsGenericMethod ? $"``{method.GetGenericArguments().Length}" : "";
        var parameters = method.GetParameters();
        return parameters.Length == 0 ? prefix + generic : $"{prefix}{generic}({string.Join(",", parameters.Select(parameter => NameOf(parameter.ParameterType)))})";
    }

    private static string NameOf(Type type)
    {
        if (type.IsGenericParameter)
        {
            return (type.DeclaringMethod is null ? "`" : "``") + type.GenericParameterPosition;
        }

        if (type.IsArray)
        {
            return NameOf(type.GetElementType()!) + "[]";
        }

        if (!type.IsGenericType)
        {
            return type.FullName!;
        }

        var definition = type.GetGenericTypeDefinition().FullName!;
        return $"{definition[..definition.IndexOf('`')]}{{{string.Join(",", type.GetGenericArguments().Select(NameOf))}}}";
    }

    private static string Text(XElement documentation)
    {
        if (documentation.Element("inheritdoc")?.Attribute("cref") is { } other && Documentation.TryGetValue(other.Value, out var inherited))
        {
            return Text(inherited);
        }

        var sentences = documentation.Elements().Where(element => element.Name.LocalName is "summary" or "remarks").Select(Inline)
            .Concat(documentation.Elements("param").Select(parameter => $"`{parameter.Attribute("name")!.Value}`: {Inline(parameter)}"));
        return Spaces().Replace(string.Join(" ", sentences), " ").Trim();
    }

    private static string Inline(XElement element) => string.Concat(element.Nodes().Select(node => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "see" } see => $"`{LastOf(see)}`",
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement { Name.LocalName: "paramref" or "typeparamref" } parameter => $"`{parameter.Attribute("name")!.Value}`",
        XElement inner => Inline(inner),
        _ => "",
    }));

    /// <summary>The last part of what is referred to.</summary>
    private static string LastOf(XElement see)
    {
        if (see.Attribute("langword") is { } word)
        {
            return word.Value;
        }

        var name = see.Attribute("cref")!.Value.Split('(')[0];
        return Arity().Replace(name[(name.LastIndexOfAny(['.', ':']) + 1)..], "");
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"`+\d+")]
    private static partial Regex Arity();
}
