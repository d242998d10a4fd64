using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Sleeper.Ingest.Core.Tests.Architecture;

namespace Sleeper.Ingest.Core.Tests.Fuzzing;

/// <summary>
/// A planted bug: a copy of the library in which one check refuses nothing, because its <c>throw</c> does nothing. The product's own code has no switch for this.
/// </summary>
/// <param name="Type">The type's full name, below the library's namespace.</param>
/// <param name="Method">A method that throws; where there are several of the name, the first.</param>
/// <param name="Throw">Which of its throws, from 0; null if all that the method does is to throw: then it does nothing.</param>
internal sealed record RemovedCheck(string Type, string Method, int? Throw)
{
    private const int TinyHeaderLength = 1;
    private const int FatHeaderLength = 12;

    /// <summary>Changes a library file in place.</summary>
    public void Apply(string assemblyPath)
    {
        byte[] bytes = File.ReadAllBytes(assemblyPath);
        using var file = new PEReader(new MemoryStream(bytes));
        MethodDefinition method = Find(file.GetMetadataReader());
        int codeOffset = FileOffset(file, method.RelativeVirtualAddress);
        codeOffset += (bytes[codeOffset] & 3) == 2 ? TinyHeaderLength : FatHeaderLength;
        if (Throw is { } number)
        {
            // The value that would have been thrown is dropped, and the code goes on behind.
            int at = IntermediateCode.OffsetsOf(file.GetMethodBody(method.RelativeVirtualAddress).GetILReader(), OpCodes.Throw)[number];
            bytes[codeOffset + at] = (byte)OpCodes.Pop.Value;
        }
        else
        {
            bytes[codeOffset] = (byte)OpCodes.Ret.Value;
        }

        File.WriteAllBytes(assemblyPath, bytes);
    }

    public override string ToString() => $"{Type}.{Method} {Throw}";

    private MethodDefinition Find(MetadataReader metadata)
    {
        foreach (TypeDefinition type in metadata.TypeDefinitions.Select(metadata.GetTypeDefinition))
        {
            if ($"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}" == $"Sleeper.Ingest.Core.{Type}")
            {
                return type.GetMethods().Select(metadata.GetMethodDefinition).First(method => metadata.GetString(method.Name) == Method);
            }
        }

        throw new InvalidOperationException($"There is no method {Type}.{Method} in the library any more: name the check that took its place.");
    }

    private static int FileOffset(PEReader file, int address)
    {
        SectionHeader section = file.PEHeaders.SectionHeaders[file.PEHeaders.GetContainingSectionIndex(address)];
        return address - section.VirtualAddress + section.PointerToRawData;
    }
}
