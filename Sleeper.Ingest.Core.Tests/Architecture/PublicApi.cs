using System.Reflection;
using System.Runtime.CompilerServices;

namespace Sleeper.Ingest.Core.Tests.Architecture;

/// <summary>Writes down the public surface of an assembly, one line a type or member, in ordinal order. Nullability is left out.</summary>
internal static class PublicApi
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static IEnumerable<string> Lines(Assembly assembly) =>
        assembly.GetExportedTypes().SelectMany(type => Members(type).Prepend(TypeLine(type))).Order(StringComparer.Ordinal).Distinct();

    private static string TypeLine(Type type)
    {
        string kind = type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct"
            : typeof(Delegate).IsAssignableFrom(type) ? "delegate" : IsRecord(type) ? "record" : "class";
        string modifier = !type.IsClass ? "" : type.IsAbstract && type.IsSealed ? "static " : type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "";
        string[] bases =
        [
            .. type.BaseType is { } b && b != typeof(object) && b != typeof(ValueType) && b != typeof(Enum) ? [Name(b)] : (string[])[],
            .. type.GetInterfaces().Where(i => !type.IsEnum && (i.IsPublic || i.IsNestedPublic)).Select(Name).Order(StringComparer.Ordinal),
        ];
        return $"{Name(type)} ({modifier}{kind}{(bases.Length > 0 ? " : " + string.Join(", ", bases) : "")})";
    }

    private static bool IsRecord(Type type) => type.GetMethod("<Clone>$", Declared) is not null;

    private static IEnumerable<string> Members(Type type)
    {
        foreach (var field in type.GetFields(Declared).Where(f => (f.IsPublic || f.IsFamily || f.IsFamilyOrAssembly) && !f.IsSpecialName))
        {
            string value = type.IsEnum ? $" = {Convert.ToInt64(field.GetRawConstantValue(), System.Globalization.CultureInfo.InvariantCulture)}" : "";
            yield return $"{Static(field.IsStatic && !type.IsEnum)}{Name(type)}.{field.Name}{value} -> {Name(field.FieldType)}";
        }

        foreach (var property in type.GetProperties(Declared))
        {
            string parameters = property.GetIndexParameters() is { Length: > 0 } index ? $"[{Parameters(index)}]" : "";
            string accessors = string.Concat(new[] { property.GetMethod, property.SetMethod }.Where(IsOpen).Select(a => Accessor(a!)));
            if (accessors.Length > 0)
            {
                yield return $"{Static((property.GetMethod ?? property.SetMethod)!.IsStatic)}{Name(type)}.{property.Name}{parameters} {{{accessors} }} -> {Name(property.PropertyType)}";
            }
        }

        foreach (var constructor in type.GetConstructors(Declared).Where(c => IsOpen(c) && !IsMadeByCompiler(c)))
        {
            yield return $"{Name(type)}.{type.Name.Split('`')[0]}({Parameters(constructor.GetParameters())})";
        }

        foreach (var method in type.GetMethods(Declared).Where(m => IsOpen(m) && !IsMadeByCompiler(m) && !IsAccessor(m)))
        {
            string arguments = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";
            yield return $"{Static(method.IsStatic)}{Name(type)}.{method.Name}{arguments}({Parameters(method.GetParameters())}) -> {Name(method.ReturnType)}";
        }
    }

    private static string Static(bool isStatic) => isStatic ? "static " : "";

    private static bool IsOpen(MethodBase? method) => method is { IsPublic: true } or { IsFamily: true } or { IsFamilyOrAssembly: true };

    private static bool IsMadeByCompiler(MethodBase method) => method.IsDefined(typeof(CompilerGeneratedAttribute)) || method.Name.Contains('<', StringComparison.Ordinal);

    private static bool IsAccessor(MethodInfo method) => method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal);

    private static string Accessor(MethodInfo accessor) =>
        accessor.ReturnType != typeof(void) ? " get;"
        : accessor.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? " init;" : " set;";

    private static string Parameters(ParameterInfo[] parameters) => string.Join(", ", parameters.Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        string prefix = parameter.IsDefined(typeof(ParamArrayAttribute)) || parameter.IsDefined(typeof(ParamCollectionAttribute)) ? "params " : parameter.IsOut ? "out " : "";
        return $"{prefix}{Name(parameter.ParameterType)} {parameter.Name}{(parameter.HasDefaultValue ? $" = {Default(parameter)}" : "")}";
    }

    private static string Default(ParameterInfo parameter) => parameter.RawDefaultValue switch
    {
        null => "default",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        var value => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!,
    };

    private static string Name(Type type)
    {
        if (type.IsByRef)
        {
            return "ref " + Name(type.GetElementType()!);
        }

        if (type.IsArray)
        {
            return $"{Name(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        }

        if (type.IsGenericParameter)
        {
            return type.Name;
        }

        string name = type.IsNested ? $"{Name(type.DeclaringType!)}.{type.Name}" : $"{type.Namespace}.{type.Name}";
        int arity = name.IndexOf('`', StringComparison.Ordinal);
        return arity < 0 ? name : $"{name[..arity]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
    }
}
