package hidden

import (
	"strings"
)

// Names of the fields of TIFF and EXIF (EXIF 2.32, TIFF 6.0, DNG 1.6 and what
// Windows writes).
var (
	tiffTags = map[uint16]string{
		0x000B: "ProcessingSoftware", 0x00FE: "SubfileType", 0x0100: "ImageWidth", 0x0101: "ImageHeight", 0x0102: "BitsPerSample",
		0x0103: "Compression", 0x0106: "PhotometricInterpretation", 0x010D: "DocumentName", 0x010E: "ImageDescription",
		0x010F: "Make", 0x0110: "Model", 0x0112: "Orientation", 0x0115: "SamplesPerPixel", 0x011A: "XResolution",
		0x011B: "YResolution", 0x011D: "PageName", 0x0128: "ResolutionUnit", 0x0129: "PageNumber", 0x012D: "TransferFunction",
		0x0131: "Software", 0x0132: "DateTime", 0x013B: "Artist", 0x013C: "HostComputer", 0x013E: "WhitePoint",
		0x013F: "PrimaryChromaticities", 0x0211: "YCbCrCoefficients", 0x0212: "YCbCrSubSampling", 0x0213: "YCbCrPositioning",
		0x0214: "ReferenceBlackWhite", 0x4746: "Rating", 0x4749: "RatingPercent", 0x8298: "Copyright", 0x9C9B: "XPTitle",
		0x9C9C: "XPComment", 0x9C9D: "XPAuthor", 0x9C9E: "XPKeywords", 0x9C9F: "XPSubject", 0xC4A5: "PrintImageMatching",
		0xC614: "UniqueCameraModel", 0xC615: "LocalizedCameraModel", 0xC62F: "CameraSerialNumber", 0xC65D: "RawDataUniqueID",
		0xC68B: "OriginalRawFileName", 0xC71B: "PreviewDateTime", 0xEA1C: "Padding", 0xA480: "GDALMetadata",
	}
	exifTags = map[uint16]string{
		0x829A: "ExposureTime", 0x829D: "FNumber", 0x8822: "ExposureProgram", 0x8827: "ISOSpeed", 0x8830: "SensitivityType",
		0x8831: "StandardOutputSensitivity", 0x8832: "RecommendedExposureIndex", 0x9000: "ExifVersion", 0x9003: "DateTimeOriginal",
		0x9004: "DateTimeDigitized", 0x9010: "OffsetTime", 0x9011: "OffsetTimeOriginal", 0x9012: "OffsetTimeDigitized",
		0x9101: "ComponentsConfiguration", 0x9102: "CompressedBitsPerPixel", 0x9201: "ShutterSpeedValue", 0x9202: "ApertureValue",
		0x9203: "BrightnessValue", 0x9204: "ExposureBias", 0x9205: "MaxApertureValue", 0x9206: "SubjectDistance", 0x9207: "MeteringMode",
		0x9208: "LightSource", 0x9209: "Flash", 0x920A: "FocalLength", 0x9214: "SubjectArea", 0x9286: "UserComment",
		0x9290: "SubSecTime", 0x9291: "SubSecTimeOriginal", 0x9292: "SubSecTimeDigitized", 0x9400: "AmbientTemperature",
		0x9401: "Humidity", 0x9402: "Pressure", 0xA000: "FlashpixVersion", 0xA001: "ColorSpace", 0xA002: "PixelWidth",
		0xA003: "PixelHeight", 0xA004: "RelatedSoundFile", 0xA20B: "FlashEnergy", 0xA20E: "FocalPlaneXResolution",
		0xA20F: "FocalPlaneYResolution", 0xA210: "FocalPlaneResolutionUnit", 0xA214: "SubjectLocation", 0xA215: "ExposureIndex",
		0xA217: "SensingMethod", 0xA300: "FileSource", 0xA301: "SceneType", 0xA302: "CFAPattern", 0xA401: "CustomRendered",
		0xA402: "ExposureMode", 0xA403: "WhiteBalance", 0xA404: "DigitalZoomRatio", 0xA405: "FocalLengthIn35mmFilm",
		0xA406: "SceneCaptureType", 0xA407: "GainControl", 0xA408: "Contrast", 0xA409: "Saturation", 0xA40A: "Sharpness",
		0xA40B: "DeviceSettingDescription", 0xA40C: "SubjectDistanceRange", 0xA420: "ImageUniqueID", 0xA430: "CameraOwnerName",
		0xA431: "BodySerialNumber", 0xA432: "LensSpecification", 0xA433: "LensMake", 0xA434: "LensModel", 0xA435: "LensSerialNumber",
		0xA436: "ImageTitle", 0xA437: "Photographer", 0xA438: "ImageEditor", 0xA439: "CameraFirmware", 0xA43A: "RAWDevelopingSoftware",
		0xA43B: "ImageEditingSoftware", 0xA43C: "MetadataEditingSoftware", 0xA460: "CompositeImage", 0xEA1C: "Padding",
	}
	gpsTags = map[uint16]string{
		0: "GPSVersionID", 1: "GPSLatitudeRef", 2: "GPSLatitude", 3: "GPSLongitudeRef", 4: "GPSLongitude", 5: "GPSAltitudeRef",
		6: "GPSAltitude", 7: "GPSTimeStamp", 8: "GPSSatellites", 9: "GPSStatus", 10: "GPSMeasureMode", 11: "GPSDOP", 12: "GPSSpeedRef",
		13: "GPSSpeed", 14: "GPSTrackRef", 15: "GPSTrack", 16: "GPSImgDirectionRef", 17: "GPSImgDirection", 18: "GPSMapDatum",
		19: "GPSDestLatitudeRef", 20: "GPSDestLatitude", 21: "GPSDestLongitudeRef", 22: "GPSDestLongitude", 23: "GPSDestBearingRef",
		24: "GPSDestBearing", 25: "GPSDestDistanceRef", 26: "GPSDestDistance", 27: "GPSProcessingMethod", 28: "GPSAreaInformation",
		29: "GPSDateStamp", 30: "GPSDifferential", 31: "GPSHPositioningError",
	}
	interopTags = map[uint16]string{1: "InteropIndex", 2: "InteropVersion"}
)

// tiffStructure are the fields without which a TIFF file cannot be shown.
var tiffStructure = map[uint16]bool{
	0x00FE: true, 0x00FF: true, 0x0100: true, 0x0101: true, 0x0102: true, 0x0103: true, 0x0106: true, 0x0107: true, 0x010A: true,
	0x0111: true, 0x0112: true, 0x0115: true, 0x0116: true, 0x0117: true, 0x0118: true, 0x0119: true, 0x011A: true, 0x011B: true,
	0x011C: true, 0x0122: true, 0x0123: true, 0x0124: true, 0x0125: true, 0x0128: true, 0x012D: true, 0x013D: true, 0x013E: true,
	0x013F: true, 0x0140: true, 0x0142: true, 0x0143: true, 0x0144: true, 0x0145: true, 0x0152: true, 0x0153: true, 0x0154: true,
	0x0155: true, 0x015B: true, 0x0211: true, 0x0212: true, 0x0213: true, 0x0214: true,
}

// hints are words in the name of a field that say of what kind it is. The first that
// fits counts.
var hints = []struct{ word, kind string }{
	{"lastmodifiedby", kindPerson}, {"serial", kindDevice}, {"uniqueid", kindIdentifier}, {"documentid", kindIdentifier}, {"instanceid", kindIdentifier}, {"ownername", kindPerson},
	{"software", kindProgram}, {"creatortool", kindProgram}, {"encoder", kindProgram}, {"producer", kindProgram}, {"firmware", kindProgram},
	{"encodedby", kindProgram}, {"application", kindProgram}, {"appversion", kindProgram}, {"toolkit", kindProgram}, {"generator", kindProgram},
	{"gps", kindPlace}, {"location", kindPlace}, {"city", kindPlace}, {"country", kindPlace}, {"sublocation", kindPlace}, {"province", kindPlace},
	{"coordinates", kindPlace}, {"latitude", kindPlace}, {"longitude", kindPlace}, {"©xyz", kindPlace}, {"loci", kindPlace},
	{"date", kindTime}, {"time", kindTime}, {"created", kindTime}, {"modified", kindTime}, {"©day", kindTime}, {"year", kindTime},
	{"artist", kindPerson}, {"author", kindPerson}, {"creator", kindPerson}, {"byline", kindPerson}, {"copyright", kindPerson}, {"rights", kindPerson},
	{"photographer", kindPerson}, {"editor", kindPerson}, {"owner", kindPerson}, {"company", kindPerson}, {"manager", kindPerson},
	{"credit", kindPerson}, {"writer", kindPerson}, {"contact", kindPerson}, {"person", kindPerson}, {"©art", kindPerson}, {"©aut", kindPerson},
	{"make", kindDevice}, {"model", kindDevice}, {"device", kindDevice}, {"hostcomputer", kindDevice}, {"lens", kindDevice}, {"camera", kindDevice},
	{"comment", kindText}, {"description", kindText}, {"title", kindText}, {"caption", kindText}, {"keyword", kindText}, {"subject", kindText},
	{"headline", kindText}, {"lyrics", kindText}, {"©nam", kindText}, {"©cmt", kindText}, {"name", kindText},
	{"uuid", kindIdentifier}, {"guid", kindIdentifier}, {"identifier", kindIdentifier},
}

// kindByName guesses from its name of what kind a field is.
func kindByName(name, otherwise string) string {
	lower := strings.ToLower(strings.NewReplacer("-", "", " ", "", "_", "", "quicktime", "").Replace(name))
	for _, h := range hints {
		if strings.Contains(lower, h.word) {
			return h.kind
		}
	}
	return otherwise
}
