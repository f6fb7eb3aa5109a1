using System.Text.Json.Serialization;
using Messaging.Toolkit.Sagas.Engine;
using Messaging.Toolkit.Sagas.Processes;

namespace Messaging.Toolkit.Sagas.Running;

/// <summary>How the toolkit's own part of an instance, and its messages to itself, are written. Part of the stored format.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SagaSignal))]
[JsonSerializable(typeof(SagaProgress))]
[JsonSerializable(typeof(ProcessProgress))]
internal sealed partial class SagaJson : JsonSerializerContext;
