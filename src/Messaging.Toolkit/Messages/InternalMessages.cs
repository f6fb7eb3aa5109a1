using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Messaging.Toolkit.Sagas.Running;

namespace Messaging.Toolkit.Messages;

/// <summary>
/// The toolkit's own messages. Every application knows them. They go to one endpoint each and nobody subscribes to them, so
/// transports hear of them only when there is one to bring.
/// </summary>
internal static class InternalMessages
{
    /// <summary>What their names begin with, and no name of an application's.</summary>
    public const string Prefix = "messaging.";

    public static IReadOnlyList<MessageType> All { get; } = [Of<Answer>(Answer.Name, InternalJson.Default), Of<SagaSignal>(SagaSignal.Name, SagaJson.Default)];

    public static bool Contains(Type clrType) => All.Any(type => type.ClrType == clrType);

    private static MessageType Of<T>(string name, IJsonTypeInfoResolver resolver) => new(
        typeof(T), MessageKind.Event, name, endpoint: null, key: null, new JsonMessageSerializer(resolver)) { IsInternal = true };
}

/// <summary>They are written and read without reflection, whatever serializer the application uses.</summary>
[JsonSerializable(typeof(Answer))]
internal sealed partial class InternalJson : JsonSerializerContext;
