using System.Reflection;
using System.Runtime.CompilerServices;

namespace Messaging.Toolkit.Tests.Conventions;

/// <summary>What applications compile against: a change of it is seen, read and meant.</summary>
public sealed class PublicApiTests
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    [Theory, MemberData(nameof(Packages.All), MemberType = typeof(Packages))]
    public void The_public_API_is_the_approved_one(string package) => Approval.Verify(package, Describe(Packages.Get(package)));

    [Fact]
    public void The_core_fits_on_a_page_and_an_adapter_on_less()
    {
        // Who has no sagas, keeps no journal, does not look in from outside and writes no transport with places of its own needs to know none of their types.
        var types = Packages.Core.GetExportedTypes().ToLookup(type => type.Namespace!.Split('.').ElementAtOrDefault(2) is "Sagas" or "Journal" or "Inspection" or "Streams" ? type.Namespace!.Split('.')[2] : "");
        types[""].Count().Should().BeLessThanOrEqualTo(76, "a third of them is for those who write stores and transports");
        types["Sagas"].Count().Should().BeLessThanOrEqualTo(36, "kinds of failures are what programs tell outcomes apart by");
        types["Journal"].Count().Should().BeLessThanOrEqualTo(8);
        types["Streams"].Count().Should().BeLessThanOrEqualTo(5);
        types["Inspection"].Count().Should().BeLessThanOrEqualTo(8);

        // Rows are part of the user's model, and its compiled form names them; nobody has to know them.
        Packages.EntityFrameworkCore.GetExportedTypes().Count(type => !type.Name.EndsWith("Row", StringComparison.Ordinal)).Should().BeLessThanOrEqualTo(10);
        Packages.Testing.GetExportedTypes().Length.Should().BeLessThanOrEqualTo(15);
    }

    private static IEnumerable<string> Describe(Assembly assembly)
    {
        foreach (var type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            yield return Header(type);
            foreach (var member in Members(type).Order(StringComparer.Ordinal))
            {
                yield return "    " + member;
            }
        }
    }

    private static string Header(Type type)
    {
        var kind = type.IsEnum ? "enum"
            : typeof(Delegate).IsAssignableFrom(type) ? "delegate"
            : type.IsInterface ? "interface"
            : type.IsValueType ? "struct"
            : type is { IsAbstract: true, IsSealed: true } ? "static class"
            : type.IsAbstract ? "abstract class"
            : type.IsSealed ? "sealed class" : "class";
        var bases = type.IsEnum || type.IsValueType || typeof(Delegate).IsAssignableFrom(type) ? []
            : new[] { type.BaseType }.OfType<Type>().Where(x => x != typeof(object)).Concat(type.GetInterfaces().Where(x => x.IsPublic).OrderBy(x => x.Name, StringComparer.Ordinal)).ToList();
        return $"{kind} {type.Namespace}.{Name(type)}" + (bases.Count == 0 ? "" : " : " + string.Join(", ", bases.Select(Name)));
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            return type.GetEnumNames().Select(name => $"{name} = {Convert.ToInt64(Enum.Parse(type, name), null)}");
        }

        if (typeof(Delegate).IsAssignableFrom(type))
        {
            return [Signature(type.GetMethod("Invoke")!)];
        }

        var fields = type.GetFields(Declared).Where(field => field.IsPublic || field.IsFamily)
            .Select(field => (field.IsLiteral ? $"const {Name(field.FieldType)} {field.Name} = {field.GetRawConstantValue()}" : $"{Name(field.FieldType)} {field.Name}"));
        var constructors = type.GetConstructors(Declared).Where(IsVisible).Select(constructor => $"new({Parameters(constructor)})");
        var properties = type.GetProperties(Declared).Where(property => property.GetAccessors(nonPublic: true).Any(IsVisible)).Select(Signature);
        var events = type.GetEvents(Declared).Where(@event => IsVisible(@event.AddMethod!)).Select(@event => $"event {Name(@event.EventHandlerType!)} {@event.Name}");
        var methods = type.GetMethods(Declared)
            .Where(method => IsVisible(method) && !method.IsSpecialName && method.GetCustomAttribute<CompilerGeneratedAttribute>() is null).Select(Signature);
        return fields.Concat(constructors).Concat(properties).Concat(events).Concat(methods);
    }

    private static string Signature(PropertyInfo property)
    {
        var accessors = property.GetAccessors(nonPublic: true).Where(IsVisible).Select(accessor
            => accessor.ReturnType != typeof(void) ? "get;"
            : accessor.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init;" : "set;");
        var required = property.GetCustomAttribute<RequiredMemberAttribute>() is null ? "" : "required ";
        return $"{Static(property.GetAccessors(nonPublic: true)[0])}{required}{Name(property.PropertyType)} {property.Name} {{ {string.Join(" ", accessors)} }}";
    }

    private static string Signature(MethodInfo method)
    {
        var generics = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Generic))}>" : "";
        return $"{Static(method)}{Name(method.ReturnType)} {method.Name}{generics}({Parameters(method)})";
    }

    private static string Generic(Type type)
    {
        var constraints = new List<string>();
        if (type.GenericParameterAttributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
        {
            constraints.Add("class");
        }

        constraints.AddRange(type.GetGenericParameterConstraints().Select(Name));
        return constraints.Count == 0 ? type.Name : $"{type.Name} : {string.Join(", ", constraints)}";
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter
        => (method.IsDefined(typeof(ExtensionAttribute)) && parameter.Position == 0 ? "this " : "") + $"{Name(parameter.ParameterType)} {parameter.Name}"
           + (parameter.HasDefaultValue ? $" = {parameter.DefaultValue ?? "default"}" : "")));

    private static string Static(MethodBase method) => method.IsStatic ? "static " : method.IsAbstract && !method.DeclaringType!.IsInterface ? "abstract " : "";

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string Name(Type type)
    {
        if (type.IsArray)
        {
            return Name(type.GetElementType()!) + "[]";
        }

        if (!type.IsGenericType)
        {
            return type.Name;
        }

        var arguments = string.Join(", ", type.GetGenericArguments().Select(Name));
        return type.GetGenericTypeDefinition() == typeof(Nullable<>) ? arguments + "?" : $"{type.Name[..type.Name.IndexOf('`')]}<{arguments}>";
    }
}
