using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Sleeper.Ingest.Core.Tests.Architecture;

/// <summary>Reads a compiled assembly: which types touch which, and which members the code calls.</summary>
/// <remarks>
/// Nested types, so also closures and the state machines of async methods, count as the outermost type that holds them. Type names are full,
/// without arity: <c>System.Collections.Generic.List</c>.
/// </remarks>
internal sealed class AssemblyScan : IDisposable
{
    private readonly PEReader _file;
    private readonly MetadataReader _metadata;
    private readonly TypeNames _names = new();

    public AssemblyScan(string path)
    {
        _file = new PEReader(File.OpenRead(path));
        _metadata = _file.GetMetadataReader();
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Every member that a method body refers to.</summary>
    public IEnumerable<MemberUse> MemberUses()
    {
        foreach (var (type, method) in Methods())
        {
            string from = Outermost(type);
            foreach (var handle in Operands(method))
            {
                if (Member(handle) is var (owner, name, signature))
                {
                    yield return new MemberUse(from, owner, name, signature);
                }
            }
        }
    }

    /// <summary>Every pair of a type and another one that it inherits, holds, takes, returns or touches in its code. Types from outside are left out.</summary>
    public IEnumerable<TypeUse> TypeUses()
    {
        foreach (var handle in _metadata.TypeDefinitions)
        {
            var type = _metadata.GetTypeDefinition(handle);
            string from = Outermost(handle);
            var signatures = new List<string> { Name(type.BaseType) };
            signatures.AddRange(type.GetInterfaceImplementations().Select(i => Name(_metadata.GetInterfaceImplementation(i).Interface)));
            signatures.AddRange(type.GetFields().Select(f => _metadata.GetFieldDefinition(f).DecodeSignature(_names, null)));
            signatures.AddRange(type.GetMethods().Select(m => Text(_metadata.GetMethodDefinition(m).DecodeSignature(_names, null))));
            foreach (string to in signatures.SelectMany(TypeNames.OurNames).Distinct())
            {
                yield return new TypeUse(from, to);
            }
        }

        foreach (var (type, method) in Methods())
        {
            string from = Outermost(type);
            var touched = Operands(method).Select(o => Member(o) is var (owner, _, signature) ? $"{owner} {signature}" : Name(o));
            foreach (string to in touched.SelectMany(TypeNames.OurNames).Distinct())
            {
                yield return new TypeUse(from, to);
            }
        }
    }

    private static string Text(MethodSignature<string> signature) => $"({string.Join(", ", signature.ParameterTypes)}) {signature.ReturnType}";

    private IEnumerable<(TypeDefinitionHandle Type, MethodDefinition Method)> Methods() =>
        from type in _metadata.TypeDefinitions
        from method in _metadata.GetTypeDefinition(type).GetMethods()
        let definition = _metadata.GetMethodDefinition(method)
        where definition.RelativeVirtualAddress != 0
        select (type, definition);

    private List<EntityHandle> Operands(MethodDefinition method) =>
        IntermediateCode.Operands(_file.GetMethodBody(method.RelativeVirtualAddress).GetILReader());

    private (string Owner, string Name, string Signature)? Member(EntityHandle handle)
    {
        switch (handle.Kind)
        {
            case HandleKind.MethodSpecification:
                return Member(_metadata.GetMethodSpecification((MethodSpecificationHandle)handle).Method);
            case HandleKind.MethodDefinition:
                var method = _metadata.GetMethodDefinition((MethodDefinitionHandle)handle);
                return (Outermost(method.GetDeclaringType()), _metadata.GetString(method.Name), Text(method.DecodeSignature(_names, null)));
            case HandleKind.FieldDefinition:
                var field = _metadata.GetFieldDefinition((FieldDefinitionHandle)handle);
                return (Outermost(field.GetDeclaringType()), _metadata.GetString(field.Name), field.DecodeSignature(_names, null));
            case HandleKind.MemberReference:
                var member = _metadata.GetMemberReference((MemberReferenceHandle)handle);
                string signature = member.GetKind() == MemberReferenceKind.Method
                    ? Text(member.DecodeMethodSignature(_names, null))
                    : member.DecodeFieldSignature(_names, null);
                return (Name(member.Parent), _metadata.GetString(member.Name), signature);
            default:
                return null;
        }
    }

    private string Name(EntityHandle handle) => handle.Kind switch
    {
        _ when handle.IsNil => "",
        HandleKind.TypeDefinition => Outermost((TypeDefinitionHandle)handle),
        HandleKind.TypeReference => _names.GetTypeFromReference(_metadata, (TypeReferenceHandle)handle, 0),
        HandleKind.TypeSpecification => _metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(_names, null),
        _ => "",
    };

    private string Outermost(TypeDefinitionHandle handle) => _names.GetTypeFromDefinition(_metadata, handle, 0);
}
