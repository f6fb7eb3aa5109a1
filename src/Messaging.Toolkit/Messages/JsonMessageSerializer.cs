using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Messaging.Toolkit.Messages;

/// <summary>
/// Messages as JSON by System.Text.Json: camel case, numbers also from strings, depth at most 64. Source-generated
/// contexts are used where they are given; reflection serves the rest unless the application has it switched off.
/// </summary>
public sealed class JsonMessageSerializer : IMessageSerializer
{
    private readonly JsonSerializerOptions options;

    /// <summary>Creates the serializer.</summary>
    /// <param name="options">Options to use as they are; they become read-only. Default: those of the class.</param>
    public JsonMessageSerializer(JsonSerializerOptions? options = null)
    {
        this.options = options ?? new(JsonSerializerDefaults.Web) { MaxDepth = 64 };
        this.options.TypeInfoResolver ??= JsonSerializer.IsReflectionEnabledByDefault ? CreateReflection() : JsonTypeInfoResolver.Combine();
        this.options.MakeReadOnly();
    }

    /// <summary>Creates the serializer over source-generated contexts.</summary>
    /// <param name="resolver">A context, or several through <see cref="JsonTypeInfoResolver.Combine(IJsonTypeInfoResolver[])"/>.</param>
    public JsonMessageSerializer(IJsonTypeInfoResolver resolver)
        : this(new JsonSerializerOptions(JsonSerializerDefaults.Web) { MaxDepth = 64, TypeInfoResolver = resolver }) { }

    internal const string MediaType = "application/json";

    /// <inheritdoc/>
    public string ContentType => MediaType;

    /// <inheritdoc/>
    public void Serialize(object message, Type type, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = options.Encoder, MaxDepth = options.MaxDepth });
        JsonSerializer.Serialize(json, message, options.GetTypeInfo(type));
    }

    /// <inheritdoc/>
    public object Deserialize(ReadOnlySpan<byte> body, Type type)
    {
        // RFC 8259 lets a parser ignore a byte order mark; other clients do send one.
        var json = body.StartsWith("\uFEFF"u8) ? body[3..] : body;
        return JsonSerializer.Deserialize(json, options.GetTypeInfo(type))
               ?? throw new JsonException("The body is the JSON literal null.");
    }

    /// <summary>Whether it was given what it needs for a type. Reflection can do without, and is not put to work at start-up.</summary>
    internal bool Knows(Type type) => options.TypeInfoResolver is DefaultJsonTypeInfoResolver || options.TryGetTypeInfo(type, out _);

    private const string OnlyWithReflection = "A trimmed or natively compiled application has reflection switched off in System.Text.Json, unless it asks for it; without it this is not called.";

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = OnlyWithReflection)]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = OnlyWithReflection)]
    private static DefaultJsonTypeInfoResolver CreateReflection() => new();
}
