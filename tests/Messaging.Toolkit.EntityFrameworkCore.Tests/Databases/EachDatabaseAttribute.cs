using System.Reflection;
using Xunit.Sdk;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;

/// <summary>Runs a theory once per <see cref="DatabaseKind"/>: <c>[Theory, EachDatabase]</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EachDatabaseAttribute : DataAttribute
{
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => TestDatabase.All;
}
